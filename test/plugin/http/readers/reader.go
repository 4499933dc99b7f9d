// Asks a URL for ranges and prints each part that Go's own reader of multipart bodies finds: its range, then its bytes in
// base64.
package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
)

func main() {
	request, err := http.NewRequest("GET", os.Args[1], nil)
	check(err)
	request.Header.Set("Range", os.Args[2])
	response, err := http.DefaultClient.Do(request)
	check(err)
	_, parameters, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	check(err)
	reader := multipart.NewReader(response.Body, parameters["boundary"])
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			return
		}
		check(err)
		bytes, err := io.ReadAll(part)
		check(err)
		fmt.Println(part.Header.Get("Content-Range"), base64.StdEncoding.EncodeToString(bytes))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
