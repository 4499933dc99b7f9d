// A file server of Go's standard library, with an entity tag as nginx makes it.
// Arguments: root, address, and for TLS the files of certificate and key.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	root := http.Dir(os.Args[1])
	handler := func(w http.ResponseWriter, r *http.Request) {
		file, err := root.Open(r.URL.Path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil || info.IsDir() {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf("\"%x-%x\"", info.ModTime().Unix(), info.Size()))
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", info.ModTime(), file)
	}
	var err error
	if len(os.Args) > 4 {
		err = http.ListenAndServeTLS(os.Args[2], os.Args[3], os.Args[4], http.HandlerFunc(handler))
	} else {
		err = http.ListenAndServe(os.Args[2], http.HandlerFunc(handler))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
