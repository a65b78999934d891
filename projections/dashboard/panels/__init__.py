"""What a page is made of, one file each: how answers become bars, names, links and words."""
