package main

const openOnly = 0
