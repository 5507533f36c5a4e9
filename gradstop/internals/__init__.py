"""What is used of other packages' insides, a module for each package; ``tests/contracts`` holds what each relies on."""
