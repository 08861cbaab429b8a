"""A client of the loyalty card application LYL1, written from docs/card.md alone.

Sections in brackets are those of that page. `reader` finds a card through PC/SC, `card` speaks to it as a store does,
`blank` personalises it, `office` makes what only head office can make. Nothing here is for production: keys are plain
bytes in memory.
"""
