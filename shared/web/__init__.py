"""The edge: everything between API Gateway's event and the one function that an operation calls."""

from shared.web.operation import Api, Call, Received, Reply, SignInCheck

__all__ = ["Api", "Call", "Received", "Reply", "SignInCheck"]
