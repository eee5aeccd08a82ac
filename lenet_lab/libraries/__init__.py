"""The same network in other libraries: its twin in PyTorch, files that other programs read, and where the libraries part ways."""
