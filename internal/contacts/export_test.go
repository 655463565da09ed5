package contacts

// Behind is what the tests of this package look at from outside of it.
var Behind = behind

// Few is above how many rows an index no longer drives a list.
const Few = few
