"""Structural validation of a document against the meta-schema of its OpenAPI version."""
