"""What people do with the store (flow): one act is one transaction, decided by the slices. A file for each slice."""
