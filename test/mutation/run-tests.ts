// For `node`: runs the tests that are named, all in one process, since starting one costs more than a table.
for (const url of process.argv.slice(2)) await import(url)
