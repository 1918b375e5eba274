"""What is kept goes when its time is over, who did what stays provable, and who comes in is that person (flow). ACC-1,
CUS-4, TEL-10."""
