package main

import (
	"fmt"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello", r.URL.Path) })
	fmt.Println("listening on 8080")
	fmt.Println(http.ListenAndServe(":8080", nil))
}
