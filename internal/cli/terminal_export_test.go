package cli

// TextWidth is how many places a text takes on a terminal.
var TextWidth = textWidth

// DidYouMean ends a sentence about an unknown name.
var DidYouMean = didYouMean

// Clean takes out what would move the cursor.
var Clean = clean

// Readable writes escaped JSON as people read it.
var Readable = readable
