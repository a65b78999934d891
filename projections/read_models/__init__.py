"""The read models: one file for each table or family of tables, its table, fold, upsert and erase together."""
