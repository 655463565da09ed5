package main

import "slices"

// experiments are all the cases, in the order of the table.
func experiments() []experiment {
	return slices.Concat(workerCases(), apiCases(), restartCases(), redisCases(), postgresCases(), stallCases(), watcherCases(), embeddedCases(), versionCases(), amendmentCases(), mixedCases())
}
