"""Where models and decisions are kept: the store, versions with their roles, artefacts that are data only."""
