"""From a notebook to what others can open: executed, as a page, as a script that runs.

pairing     the .ipynb of a notebook that is kept as text
execute     run it in a real kernel; cells that should fail must fail as declared
page        one HTML file that loads nothing from the network
script      one Python file: the cells in their order, without a notebook
  cell      one cell as plain Python
  magics    what is in a cell and is not Python
  waiting   what a cell awaits: runs, and what needs an event loop
  source    text that is edited by the places of its syntax tree
"""
