"""What both stages see of an item: features of the catalogue and the Keras layers that encode them."""
