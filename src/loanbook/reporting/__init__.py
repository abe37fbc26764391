"""Pages to read, print and send: the model card and the data profile, each one file that asks for nothing else."""
