"""Placements: the settings of the places where lists are shown, with the rules of the business."""
