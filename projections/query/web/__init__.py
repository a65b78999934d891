"""Answers about web sites, one file each: what was asked, counted, becomes numbers and a document."""
