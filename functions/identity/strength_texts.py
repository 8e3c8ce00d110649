"""Advice on passwords in both languages. The keys are what zxcvbn says, word for word."""

from shared.errors import Texts

MORE = Texts("至少需要 8 个字符。", "Use at least 8 characters.")
MIX_CASE = Texts("混用大小写字母会更难猜。", "Mixing capital and small letters makes it harder.")
USE_DIGITS = Texts("加上数字会更难猜。", "Digits make it harder to guess.")
USE_SIGNS = Texts("加上符号或空格会更难猜。", "Signs or spaces make it harder to guess.")
# What it says for no symbols, and for longer keyboard patterns, is not said on: we advise against.
ADVICE = {
    "Use a few words, avoid common phrases.": Texts(
        "用几个不相关的词，避免常见短语。", "Use a few words, avoid common phrases."
    ),
    "Add another word or two. Uncommon words are better.": Texts(
        "再加一两个不常见的词。", "Add another word or two, uncommon ones if you can."
    ),
    "Straight rows of keys are easy to guess.": Texts(
        "键盘上的一排字母很容易猜中。", "Straight rows of keys are easy to guess."
    ),
    "Short keyboard patterns are easy to guess.": Texts(
        "键盘上的图形很容易猜中。", "Short keyboard patterns are easy to guess."
    ),
    'Repeats like "aaa" are easy to guess.': Texts(
        "“aaa”这样的重复很容易猜中。", 'Repeats like "aaa" are easy to guess.'
    ),
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc".': Texts(
        "“abcabcabc”这样的重复几乎和“abc”一样容易猜中。",
        'Repeats like "abcabcabc" are only slightly harder to guess than "abc".',
    ),
    "Avoid repeated words and characters.": Texts(
        "不要重复词语和字符。", "Avoid repeated words and characters."
    ),
    'Sequences like "abc" or "6543" are easy to guess.': Texts(
        "“abc”“6543”这样的顺序很容易猜中。", 'Sequences like "abc" or "6543" are easy to guess.'
    ),
    "Avoid sequences.": Texts("不要用连续的字符。", "Avoid characters in sequence."),
    "Recent years are easy to guess.": Texts(
        "近年的年份很容易猜中。", "Recent years are easy to guess."
    ),
    "Avoid recent years.": Texts("不要用近年的年份。", "Avoid recent years."),
    "Avoid years that are associated with you.": Texts(
        "不要用与自己有关的年份。", "Avoid years that are associated with you."
    ),
    "Dates are often easy to guess.": Texts(
        "日期往往很容易猜中。", "Dates are often easy to guess."
    ),
    "Avoid dates and years that are associated with you.": Texts(
        "不要用与自己有关的日期和年份。", "Avoid dates and years that are associated with you."
    ),
    "This is a top-10 common password.": Texts(
        "这是最常见的 10 个密码之一。", "This is one of the ten most common passwords."
    ),
    "This is a top-100 common password.": Texts(
        "这是最常见的 100 个密码之一。", "This is one of the hundred most common passwords."
    ),
    "This is a very common password.": Texts("这个密码太常见。", "This is a very common password."),
    "This is similar to a commonly used password.": Texts(
        "这与一个常见密码相似。", "This is similar to a commonly used password."
    ),
    "A word by itself is easy to guess.": Texts(
        "单独一个词很容易猜中。", "A word by itself is easy to guess."
    ),
    "Names and surnames by themselves are easy to guess.": Texts(
        "单独的姓或名很容易猜中。", "Names and surnames by themselves are easy to guess."
    ),
    "Common names and surnames are easy to guess.": Texts(
        "常见的姓名很容易猜中。", "Common names and surnames are easy to guess."
    ),
    "Capitalization doesn't help very much.": Texts(
        "只把首字母大写用处不大。", "A capital letter at the beginning does not help much."
    ),
    "All-uppercase is almost as easy to guess as all-lowercase.": Texts(
        "全部大写几乎和全部小写一样容易猜中。",
        "All-uppercase is almost as easy to guess as all-lowercase.",
    ),
    "Reversed words aren't much harder to guess.": Texts(
        "倒着写的词也很容易猜中。", "Words written backwards are not much harder to guess."
    ),
    "Predictable substitutions like '@' instead of 'a' don't help very much.": Texts(
        "用“@”代替“a”这样的替换用处不大。", "Replacements such as '@' for 'a' do not help much."
    ),
}
