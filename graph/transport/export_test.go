package transport

// TooLarge is the error of reading a file over the limit.
var TooLarge = tooLarge
