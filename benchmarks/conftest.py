"""What pytest need not import to look for doctests: it runs in the environments of peers."""

collect_ignore = ["apps/on_bentoml.py", "apps/on_mlflow.py", "scripts/save_mlflow.py"]
