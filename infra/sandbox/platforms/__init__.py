"""Two payment platforms to test against. They share one book of orders and speak as WeChat Pay v3
and as Alipay do; nothing here is the wallet's code, nor what the wallet signs by.
"""
