"""What a connector author may import, and nothing else."""
