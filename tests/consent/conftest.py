from tests.patience import patient

#: For tests in which many write at once.
__all__ = ["patient"]
