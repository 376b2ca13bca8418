// Package otpcore is the domain of Otpravka: the life of a verification, the
// rules that guard it, and the ports through which it reaches the world.
//
// It imports the standard library only and knows no SQL, no HTTP and no
// messenger. Decisions are pure: a Case holds all that one decision may look
// at, its methods change it, and the storage writes what changed in one
// transaction. ports.go lists what the domain asks of the rooms around it.
package otpcore
