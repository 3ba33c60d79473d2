"""Sphinx's settings for the HTML edition; tools/build_site.py copies them beside the pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

extensions = ["myst_nb", "sphinx.ext.githubpages", "mathml", "lesson_pages"]
# project: given by tools/build_site.py, which takes the title from README.md.
language = "en"
exclude_patterns = []

# What JupyterLab understands, and nothing that it would show as plain text.
myst_enable_extensions = ["dollarmath"]
myst_disable_syntax = ["myst_role", "myst_line_comment", "myst_block_break", "myst_target"]
myst_heading_anchors = 2
myst_number_code_blocks = []

nb_execution_mode = "off"
nb_ipywidgets_js = {}  # nothing from elsewhere: instruments bring their own script
nb_output_stderr = "error"
nb_merge_streams = True

pygments_dark_style = "github-dark"
html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {"color-brand-primary": "#0b5a72", "color-brand-content": "#0b5a72"},
    "dark_css_variables": {"color-brand-primary": "#7cc8e0", "color-brand-content": "#7cc8e0"},
}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_scaled_image_link = False
html_use_index = False
html_domain_indices = False
html_show_search_summary = False  # would fetch pages, which browsers don't allow from files
