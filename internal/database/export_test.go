package database

// SQLiteTime is the expression behind Now, for a time other than now.
var SQLiteTime = sqliteTime
