"""What stands around the sheet: each panel is a function that draws one, given the viewer and a rectangle."""
