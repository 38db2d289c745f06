"""From a notebook to what others can open: executed, as a page, as a script that runs.

pairing     the .ipynb of a notebook that is kept as text
execute     run it in a real kernel; cells that are to fail must fail as they say
page        one HTML file that asks for nothing
script      one Python file: the cells in their order, without a notebook
  cell      one cell as plain Python
  magics    what stands in a cell and is no Python
  waiting   what a cell awaits: runs, and what needs an event loop
  source    text that is edited by the places of its syntax tree
"""
