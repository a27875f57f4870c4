"""The pages of a node: HTML rendered here, forms sent back, no script at all."""
