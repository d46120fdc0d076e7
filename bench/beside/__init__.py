"""The product with one address beside its own: what a request costs on this very site that does nothing."""
