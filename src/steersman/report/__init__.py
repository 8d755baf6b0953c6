"""Reports: what orders cost and how they were worked, as one page, as Markdown, as JSON.

Figures come from `tca`; here they are put into tables and drawn. A page needs nothing but itself:
no network, no fonts, no plotting library.
"""
