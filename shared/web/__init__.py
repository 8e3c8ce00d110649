"""The edge: everything between API Gateway's event and the one function that an operation calls."""

from shared.web.operation import Api, Call, Reply, SignInCheck

__all__ = ["Api", "Call", "Reply", "SignInCheck"]
