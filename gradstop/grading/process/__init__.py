"""The processes that run what was handed in, as the judge starts and watches them."""
