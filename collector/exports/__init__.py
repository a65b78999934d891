"""What a site's facts are written as for those who read other systems' files: one file for each layout."""
