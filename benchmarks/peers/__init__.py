"""Other libraries on the same job."""
