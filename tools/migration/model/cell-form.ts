/**
 * What a source's values are before mapping. `json`: values with the types of JSON, which a declared type checks.
 * `cells`: columns of a database, whose text, integers of any size, bytes and arrays a declared type reads. `text`:
 * nothing but text, as in CSV.
 */
export type CellForm = "json" | "cells" | "text";
