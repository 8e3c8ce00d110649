"""From a text to the words by which it is found, in Chinese and in languages of Latin letters.

Chinese has no spaces. Each two characters that stand beside each other are a word here: that finds
nearly all that a segmenter finds, knows new words too, and needs no dictionary of megabytes.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9]+(?:'[a-z]+)?")
_PLAIN = frozenset(
    "a about am an and are as at be been but by can could did do does for from had has have how i "
    "if in into is it its just me my of on or our should so that the their them then there they "
    "this to up was we were what when where which who why will with would you your "
    "i'm i've it's please".split()
)
# Said in any question, so they tell nothing of what it is about.
_PLAIN_CHINESE = frozenset(
    "怎么 什么 为什 么办 怎样 如何 请问 一下 可以 我的 这个 那个 我想 想要 需要 没有 一个 有没 "
    "是不 不是 你们 么回 回事 了怎 的怎 能不 了吗 的吗 了呢".split()
)
# What people in Hong Kong, Macao and Taiwan write, where it differs in words about money.
_SIMPLIFIED = str.maketrans(
    "帳戶號錢轉匯銀機關閉註銷刪鎖凍結碼驗證認識別單雙額這個誰幫麼為嗎時間長後來過還沒無開門騙詐盜竊報警"
    "資訊簡網頁鏈連線掃條櫃檯員費續現進處錯誤輸記憶設備換綁訂購買賣貨貴實體點擊確級別嚴護護衛應該讓從哪裡"
    "裏與對將當動態態數據聯繫係話電郵箱發送給錄顯樣並務總敗夠隻變",
    "账户号钱转汇银机关闭注销删锁冻结码验证认识别单双额这个谁帮么为吗时间长后来过还没无开门骗诈盗窃报警"
    "资讯简网页链连线扫条柜台员费续现进处错误输记忆设备换绑订购买卖货贵实体点击确级别严护护卫应该让从哪里"
    "里与对将当动态态数据联系系话电邮箱发送给录显样并务总败够只变",
)
_ENDINGS = ("ing", "ied", "ies", "ed", "es", "s", "e")
_STEM_LENGTH = 4


def words_of(text: str, *, characters: bool = False) -> Iterator[str]:
    """The words of a text as they are counted; those that say nothing are left out.

    characters: each Chinese character by itself as well, so that a text finds who types only one.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").translate(_SIMPLIFIED)
    for found in _RUN.finditer(plain):
        run = found.group()
        if run[0].isascii():
            yield from _latin(run)
            continue
        yield from _chinese(run)
        if characters and len(run) > 1:
            yield from run


def _latin(run: str) -> Iterator[str]:
    if run not in _PLAIN:
        yield _stem(run)


def _chinese(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for first, second in pairwise(run):
        if first + second not in _PLAIN_CHINESE:
            yield first + second


def _stem(word: str) -> str:
    """`payments` and `payment`, `locked` and `lock` are one: cruder than Porter's, and enough."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_LENGTH:
            return word.removesuffix(ending)
    return word
