"""What both stages know of an item: features of the catalogue in numpy, and the Keras layers that encode them.

Keras is loaded by `quiet_keras` alone, and by what trains or ranks with it: importing this package loads nothing.
"""
