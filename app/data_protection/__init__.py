"""What is kept goes when its time is over, and who did what stays provable (flow). CUS-4, TEL-10."""
