package journal

// EncodeImages is the inverse of [DecodeImages]. Unlike [ImageWriter.Encode] it gives no nil where there are none.
func EncodeImages(images []Image, made []Reference) ([]byte, error) {
	w := &ImageWriter{}
	for i := range images {
		w.Image(&images[i])
	}
	for _, r := range made {
		w.Made(r)
	}
	raw, err := w.Encode()
	if raw == nil {
		raw = []byte{}
	}
	return raw, err
}

// plain reports whether the image, of a creation, says nothing but its hash.
func (i *Image) plain() bool {
	return i.Previous.IsZero() && len(i.Fields)+len(i.Added)+len(i.Removed)+len(i.CustomValues) == 0
}

// Image writes an image that was read.
func (w *ImageWriter) Image(image *Image) {
	switch {
	case image.What == Created && image.plain():
		w.Created(image.Row, image.Hash)
		return
	case image.What == Created:
		w.CreatedAs(image.Row, image.Hash, image.Previous)
	case image.What == Deleted:
		w.Deleted(image.Row, image.Previous)
	default:
		w.Updated(image.Row, image.Previous)
	}
	for _, f := range image.Fields {
		w.Field(f.Field, []byte(f.Before), []byte(f.After))
	}
	for _, l := range image.Added {
		w.LabelAdded(l)
	}
	for _, l := range image.Removed {
		w.LabelRemoved(l)
	}
	for _, v := range image.CustomValues {
		w.CustomValue(v.Field, v.Before, v.After)
	}
}
