"""The snippet: what a page loads (c.js), its minified form, and how both names of it are served."""
