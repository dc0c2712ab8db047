"""Texts of the synthetic shop: titles and descriptions of its items.

An item's style shows in its words and in no column. Each style has several adjectives and phrases, so that a model has
to learn from the texts that "ferny" and "botanical" mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLOURS = (
    "blue", "red", "green", "white", "black", "ivory", "grey", "yellow", "pink", "navy", "teal", "amber", "violet",
    "copper", "olive", "coral",
)  # fmt: skip


@dataclass(frozen=True)
class Category:
    """A category of the shop: department, name, kinds of items, materials, use and price."""

    department: str
    name: str
    nouns: tuple[str, ...]
    materials: tuple[str, ...]
    use: str
    price: float  # median


@dataclass(frozen=True)
class Style:
    """A style of items, which occurs in all categories."""

    adjectives: tuple[str, ...]
    phrases: tuple[str, ...]


def _category(department: str, name: str, nouns: str, materials: str, use: str, price: float) -> Category:
    return Category(department, name, tuple(nouns.split(", ")), tuple(materials.split(", ")), use, price)


CATEGORIES = (
    _category("Kitchen", "Mugs", "mug, tea cup, espresso cup, beaker, tumbler", "enamel, stoneware, porcelain, glass",
              "Holds a morning's coffee or a long evening's tea", 9),
    _category("Kitchen", "Bakeware", "cake tin, loaf pan, muffin tray, pie dish, cookie cutter set",
              "steel, silicone, ceramic, aluminium", "Bakes evenly and comes out of the oven clean", 16),
    _category("Kitchen", "Tableware", "dinner plate, bowl, serving platter, salt cellar, jug",
              "stoneware, porcelain, bamboo, glass", "Sets a table for four or for one", 14),
    _category("Kitchen", "Storage", "jar, bread bin, spice rack, lunch box, bottle", "tin, glass, bamboo, steel",
              "Keeps what you cook with dry and within reach", 18),
    _category("Home", "Candles", "candle, tealight holder, lantern, incense holder, candle stick",
              "beeswax, soy wax, brass, glass", "Lights a dinner or a bath for forty hours", 12),
    _category("Home", "Cushions", "cushion, throw, seat pad, bolster, blanket", "linen, cotton, wool, velvet",
              "Softens a sofa, a bench or a window seat", 29),
    _category("Home", "Wall art", "print, poster, wall clock, mirror, picture frame", "paper, oak, canvas, metal",
              "Fills the wall that has been bare for too long", 35),
    _category("Home", "Lamps", "table lamp, pendant lamp, night light, string of lights, lamp shade",
              "brass, rattan, paper, steel", "Gives a room a warm corner after dark", 48),
    _category("Garden", "Planters", "plant pot, hanging basket, window box, trough, saucer",
              "terracotta, zinc, ceramic, wicker", "Gives roots room and drains well", 21),
    _category("Garden", "Tools", "trowel, watering can, pruning shears, rake, garden gloves",
              "steel, ash wood, leather, copper", "Made for a day's work in beds and borders", 24),
    _category("Garden", "Bird care", "bird feeder, nest box, bird bath, seed scoop, insect hotel",
              "cedar, metal, slate, bamboo", "Brings wrens and finches to the window", 27),
    _category("Garden", "Picnic", "picnic basket, cool bag, folding chair, camping stove, rug",
              "wicker, canvas, aluminium, wool", "Packs small for a field, a beach or a hill", 39),
    _category("Paper", "Notebooks", "notebook, diary, sketchbook, planner, address book",
              "paper, leather, cloth, cork", "Lies flat and takes ink without bleeding", 11),
    _category("Paper", "Cards", "birthday card, postcard set, gift tag, invitation, thank-you card",
              "paper, card, kraft, foil", "Says it by hand and by post", 4),
    _category("Paper", "Wrapping", "wrapping paper, ribbon, gift bag, bow, tissue paper",
              "paper, satin, kraft, raffia", "Makes the outside as good as the gift", 5),
    _category("Paper", "Pens", "fountain pen, pencil set, marker, pen pot, calligraphy kit",
              "brass, cedar, resin, steel", "Writes a first line and the last one alike", 17),
    _category("Children", "Soft toys", "teddy bear, rabbit, rag doll, hand puppet, comforter",
              "plush, cotton, felt, wool", "Goes to bed, to nursery and through the wash", 19),
    _category("Children", "Puzzles", "jigsaw puzzle, building blocks, memory game, stacking rings, abacus",
              "wood, card, beech, cork", "Keeps small hands and heads busy on wet days", 15),
    _category("Children", "Party", "bunting, balloon set, party hat, paper plates, piñata",
              "paper, cotton, foil, card", "Turns a living room into a birthday", 7),
    _category("Children", "Craft kits", "sewing kit, painting set, bead box, modelling clay, weaving loom",
              "wood, felt, cotton, wool", "Everything in the box for a first own work", 22),
    _category("Wear", "Bags", "tote bag, backpack, wash bag, purse, shoulder bag", "canvas, leather, jute, cotton",
              "Carries the day without showing it", 34),
    _category("Wear", "Scarves", "scarf, shawl, bandana, beanie, pair of mittens", "wool, silk, cotton, cashmere",
              "Keeps the wind where it belongs", 26),
    _category("Wear", "Jewellery", "necklace, bracelet, brooch, pair of earrings, ring",
              "silver, brass, glass, gold-plated", "Finishes an outfit with one small thing", 31),
    _category("Wear", "Umbrellas", "umbrella, rain hat, parasol, rain cape, pair of wellies",
              "nylon, cotton, rubber, waxed cotton", "Stays up when the weather turns", 28),
)  # fmt: skip

STYLES = tuple(
    Style(tuple(adjectives.split(", ")), tuple(phrases.split("; ")))
    for adjectives, phrases in (
        ("vintage, retro, antique, nostalgic", "as grandmother had it; looks found at a flea market; from another age"),
        ("minimalist, plain, pared-back, nordic", "no line too many; calm on the eye; drawn with a single stroke"),
        (
            "botanical, ferny, leafy, floral",
            "with leaves from root to tip; a herbarium page come to life; in full bloom",
        ),
        (
            "camping, trail, outdoor, rugged",
            "survives a rucksack; at home beside a fire; made for wet boots and wide skies",
        ),
        (
            "nautical, coastal, seaside, harbour",
            "salt air included; with anchors and rope; for those who miss the tide",
        ),
        ("gothic, midnight, raven, moonlit", "for long dark evenings; with a bat or two; draws the curtains by itself"),
        ("polka-dot, cheerful, candy, merry", "dots all over; sweet as a fairground; smiles first"),
        ("rustic, farmhouse, barn, homespun", "rough where hands go; straight from the farm; with the grain left in"),
        ("geometric, cubist, angular, bauhaus", "ruler and compass; built of squares; triangles that add up"),
        ("woodland, foxy, hedgehog, forest", "with a fox behind every tree; mossy and quiet; acorns in the pattern"),
        ("royal, gilded, baroque, ornate", "gold wherever it fits; fit for a palace; more is more"),
        ("space-age, cosmic, starry, lunar", "planets in orbit; counts down from ten; glows like a comet"),
        ("zen, japandi, tranquil, meditative", "slows the breath; one bow and silence; raked like a stone garden"),
        ("bohemian, folk, patchwork, fringed", "stitched from many journeys; tassels at each corner; dances barefoot"),
        ("industrial, workshop, riveted, loft", "bolts on show; from a factory floor; wears its scratches well"),
        ("tropical, parrot, palm, sunny", "palms and parrots; tastes of mango; always on holiday"),
    )
)


def describe(category: int, style: int, rng: np.random.Generator) -> tuple[str, str, str, str]:
    """A title, a description, a colour and a material for one item, in words of its category and style."""
    shelf, taste = CATEGORIES[category], STYLES[style]
    pick = rng.integers(0, 1 << 30, size=6)
    colour = COLOURS[pick[0] % len(COLOURS)]
    material = shelf.materials[pick[1] % len(shelf.materials)]
    noun = shelf.nouns[pick[2] % len(shelf.nouns)]
    adjective = taste.adjectives[pick[3] % 4]
    other = taste.adjectives[(pick[3] + 1 + pick[4] % 3) % 4]
    phrase = taste.phrases[pick[5] % len(taste.phrases)]
    title = f"{colour} {material} {adjective} {noun}".capitalize()
    return title, f"A {other} {noun} in {colour} {material}, {phrase}. {shelf.use}.", colour, material
