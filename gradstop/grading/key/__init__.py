"""The key to an assignment: what its solutions and known wrong answers do. All of it needs torch, and runs them."""
