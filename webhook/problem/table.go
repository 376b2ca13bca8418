package problem

import (
	"maps"
	"net/http"
	"slices"
)

// entry is what is the same for every problem of one code.
type entry struct {
	status int
	title  string
	detail string // used where the error brings no sentence of its own
}

func (e entry) problem(code string) *Problem {
	return &Problem{Type: TypeBase + code, Title: e.title, Status: e.status, Code: code, Detail: e.detail}
}

// table holds every code that the contract names, and nothing else: a test
// compares the two. Codes are for good; texts may improve.
var table = map[string]entry{
	// The body is not the JSON object that was asked for.
	"bad_request":            {http.StatusBadRequest, "The request is malformed", "Send a request as the contract describes it."},
	"empty_body":             {http.StatusBadRequest, "The body is empty", "Send a JSON object."},
	"malformed_json":         {http.StatusBadRequest, "The body is not JSON", "Send a JSON object; a JSON library writes it right."},
	"not_an_object":          {http.StatusBadRequest, "The body is not a JSON object", "Put the fields into one { }."},
	"trailing_data":          {http.StatusBadRequest, "Something follows the JSON object", "End the body after the closing bracket."},
	"unknown_field":          {http.StatusBadRequest, "The body has a field that does not exist", "Remove the field or correct its spelling; letter case counts."},
	"duplicate_key":          {http.StatusBadRequest, "The body names a field twice", "Send each field once."},
	"invalid_utf8":           {http.StatusBadRequest, "The body is not UTF-8", "Encode the body as UTF-8."},
	"too_deep":               {http.StatusBadRequest, "The body is nested too deeply", "Nest at most 8 levels."},
	"bad_parameter":          {http.StatusBadRequest, "A parameter is malformed", "Correct the parameters of the URL and the header."},
	"bad_cursor":             {http.StatusBadRequest, "The cursor is not one of ours", "Send next_cursor of the page before, unchanged, or none."},
	"bad_query":              {http.StatusBadRequest, "The query of the URL is malformed", "Send only the query parameters that the contract names, each once."},
	"key_in_url":             {http.StatusBadRequest, "An API key stands in the URL", "Send the key in the Authorization header, and revoke this one: URLs end up in logs."},
	"unauthorized":           {http.StatusUnauthorized, "No usable API key", "Send a usable API key as Authorization: Bearer otp_…"},
	"missing_scope":          {http.StatusForbidden, "The key lacks a scope", "Use a key with the scope that the contract names for this operation."},
	"wrong_mode":             {http.StatusForbidden, "The key has the wrong mode", "Use a live key."},
	"not_found":              {http.StatusNotFound, "Not found", "Nothing with this id exists for this key."},
	"route_not_found":        {http.StatusNotFound, "No such address", "See /docs or /openapi.yaml for the addresses that exist."},
	"method_not_allowed":     {http.StatusMethodNotAllowed, "The method is not allowed here", "Use a method that the Allow header names."},
	"request_timeout":        {http.StatusRequestTimeout, "The request took too long to arrive", "Send the whole request within ten seconds."},
	"body_too_large":         {http.StatusRequestEntityTooLarge, "The body is too large", "Send a smaller body."},
	"query_too_long":         {http.StatusRequestURITooLong, "The query of the URL is too long", "Send at most 8 KiB."},
	"unsupported_media_type": {http.StatusUnsupportedMediaType, "The body has another media type", "Send Content-Type: application/json."},
	"unsupported_encoding":   {http.StatusUnsupportedMediaType, "The body is compressed", "Send the body without Content-Encoding."},
	"misdirected":            {http.StatusMisdirectedRequest, "The request names another server", "Send the path alone in the request line."},

	// A field has a value that the contract does not allow.
	"missing_field":     {http.StatusUnprocessableEntity, "A field is missing", "Send the fields that errors points at."},
	"wrong_type":        {http.StatusUnprocessableEntity, "A field has another JSON type", "Send the field with the JSON type that the contract gives it."},
	"null_value":        {http.StatusUnprocessableEntity, "A field is null", "Leave the field out instead."},
	"invalid_value":     {http.StatusUnprocessableEntity, "A field has a value that is not allowed", "Correct the fields that errors points at."},
	"control_character": {http.StatusUnprocessableEntity, "A text holds a control character", "Remove control characters from the text."},
	"key_reused":        {http.StatusUnprocessableEntity, "The Idempotency-Key was used with another request", "Use a new key for a new request, and the same body for a repeat."},

	// Refusals of the domain.
	"phone_invalid":                 {http.StatusUnprocessableEntity, "This is no phone number", "Send a phone such as +77015550123."},
	"phone_needs_plus":              {http.StatusUnprocessableEntity, "The phone has no country code", "Write the phone with + and its country code, or send country."},
	"phone_impossible":              {http.StatusUnprocessableEntity, "No such number can exist", "Let the user correct the number."},
	"phone_has_extension_or_prefix": {http.StatusUnprocessableEntity, "The phone has more than a number", "Send the number alone, without extension or prefix."},
	"region_not_allowed":            {http.StatusUnprocessableEntity, "The country is not allowed", "Add the country to the settings if people there shall get codes."},
	"sms_not_supported_for_type":    {http.StatusUnprocessableEntity, "This kind of number takes no codes", "Let the user give a mobile number."},
	"no_channel":                    {http.StatusUnprocessableEntity, "No channel can carry the code", "Register a bot with POST /v1/bots, or add an SMS provider; errors gives the reason of each channel."},
	"name_invalid":                  {http.StatusUnprocessableEntity, "The name cannot be shown", "Give a name of 1 to 64 plain characters."},
	"time_zone_invalid":             {http.StatusUnprocessableEntity, "No such time zone", "Send an IANA name such as Asia/Almaty."},
	"expires_in_past":               {http.StatusUnprocessableEntity, "The key would never work", "Send a time that lies ahead."},
	"no_bot":                        {http.StatusConflict, "The business has no bot on this channel", "Register a bot with POST /v1/bots."},
	"return_host_invalid":           {http.StatusUnprocessableEntity, "No button can lead to this host", "Send hosts of the internet in lower case, such as shop.example.com."},
	"link_host_invalid":             {http.StatusUnprocessableEntity, "No button can lead to this host", "Send hosts of the internet in lower case, such as track.example.com."},
	"quiet_hours_invalid":           {http.StatusUnprocessableEntity, "These are no hours of a day", "Send two times of the day, such as 22:00-08:00."},
	"tracking_url_invalid":          {http.StatusUnprocessableEntity, "The tracking_url is no plain https address", "Send an https address without user, port and spaces."},
	"tracking_url_not_allowed":      {http.StatusUnprocessableEntity, "The tracking_url leads to a host that is not on the list", "Put its host on the list link_hosts with PATCH /v1/settings first."},
	"order_id_invalid":              {http.StatusUnprocessableEntity, "The order_id cannot be shown", "Send up to 64 letters, digits, spaces and # № / _ . : ( ) + -."},
	"title_missing":                 {http.StatusUnprocessableEntity, "The status has no title", "Send the words that the customer reads."},
	"title_not_allowed":             {http.StatusUnprocessableEntity, "The status has its own text", "Leave title out."},
	"occurred_at_in_future":         {http.StatusUnprocessableEntity, "The update comes from the future", "Send the time at which it happened."},
	"handover_code_invalid":         {http.StatusUnprocessableEntity, "There is nothing left to hand over", "Leave handover_code out."},
	"order_phone_differs":           {http.StatusConflict, "The order belongs to another phone", "Send the phone that the order was placed with, or use another order_id."},
	"too_many_updates":              {http.StatusConflict, "The order has had too many updates", "Use another order_id."},
	"return_url_invalid":            {http.StatusUnprocessableEntity, "The return_url is no plain https address", "Send an https address without user, port and spaces."},
	"return_url_not_allowed":        {http.StatusUnprocessableEntity, "The return_url leads to a host that is not on the list", "Put its host on the list return_hosts with PATCH /v1/settings first."},
	"bot_token_invalid":             {http.StatusUnprocessableEntity, "The chat network does not know this token", "Copy the token from where it was made again."},
	"bot_account_invalid":           {http.StatusUnprocessableEntity, "The account cannot be used like this", "Send the ids and the secret of the account that the token belongs to."},
	"var_not_allowed":               {http.StatusUnprocessableEntity, "A param holds what a message must not say", "Remove links and digit runs from params."},
	"pan_detected":                  {http.StatusUnprocessableEntity, "A text looks like a card number", "Never send card numbers here."},
	"country_invalid":               {http.StatusUnprocessableEntity, "This is no country code", "Send an ISO 3166 code such as KZ."},
	"currency_invalid":              {http.StatusUnprocessableEntity, "This is no currency code", "Send an ISO 4217 code such as KZT."},
	"fallback_after_out_of_range":   {http.StatusUnprocessableEntity, "fallback_after does not fit", "Send 10 to 300 seconds, and at most the ttl."},
	"code_length_out_of_range":      {http.StatusUnprocessableEntity, "The code would be too short", "Ask for a longer code."},
	"code_and_length":               {http.StatusUnprocessableEntity, "A code and a length at once", "Send either code or code_length."},
	"code_guessable":                {http.StatusUnprocessableEntity, "The code is easy to guess", "Choose another code, or leave it to us."},
	"code_unreadable":               {http.StatusUnprocessableEntity, "No keyboard types this code", "Send the code as the user typed it."},
	"context_required":              {http.StatusUnprocessableEntity, "The code is bound to a context", "Repeat the context of the start."},
	"template_unknown":              {http.StatusNotFound, "No template has this name", "Use the name of a template that exists."},
	"param_missing":                 {http.StatusUnprocessableEntity, "The template needs another value", "Send the value that errors points at."},
	"param_unknown":                 {http.StatusUnprocessableEntity, "The template does not use this value", "Send only the values that the template declares."},
	"param_type":                    {http.StatusUnprocessableEntity, "The template wants another kind of value", "Send the kind of value that the template declares."},
	"param_length":                  {http.StatusUnprocessableEntity, "A param is too long", "Send a shorter text."},
	"param_in_context":              {http.StatusUnprocessableEntity, "A value stands in params and in context", "Name it in one of the two."},
	"template_changed":              {http.StatusConflict, "The text was changed meanwhile", "Read the text in force, and send your change with its version."},
	"template_busy":                 {http.StatusTooManyRequests, "The text is changed too often", "Wait as long as Retry-After says."},
	"too_many_templates":            {http.StatusConflict, "Too many templates", "Remove a template first."},
	"text_invalid":                  {http.StatusUnprocessableEntity, "A message could fail or mislead on this text", "Correct what errors points at."},
	"client_ip_invalid":             {http.StatusUnprocessableEntity, "The client's address is none", "Send an IPv4 or IPv6 address, or leave client_ip out."},
	"metadata_too_large":            {http.StatusUnprocessableEntity, "The metadata is too large", "Send at most 16 names of 40 bytes with values of 500."},
	"order_id_too_long":             {http.StatusUnprocessableEntity, "The order_id is too long", "Send at most 64 bytes."},
	"verification_ending":           {http.StatusConflict, "The code is near the end of its longest life", "Start another verification."},
	"verification_ended":            {http.StatusConflict, "The verification is over", "Start another verification."},
	"too_many_sends":                {http.StatusConflict, "All sends are used", "Start another verification."},
	"bot_in_use":                    {http.StatusConflict, "Another service reads this bot", "Stop the other service first, or send takeover true to cut it off."},
	"bot_exists":                    {http.StatusConflict, "The bot is registered already", "Use the registered bot, or remove it first."},
	"bot_kind_unknown":              {http.StatusUnprocessableEntity, "This server has no connector of the kind", "Use a build that has it."},
	"already_paired":                {http.StatusConflict, "The bot is linked to a phone", "Remove the bot, or unlink the device on the phone, to link another one."},
	"not_ready_to_pair":             {http.StatusConflict, "The bot cannot be paired now", "Look at its state with GET /v1/bots/{id}."},
	"bot_needs_no_pairing":          {http.StatusConflict, "The bot is not paired with a phone", "Only bots of the kind whatsapp_device are."},
	"bot_has_no_templates":          {http.StatusConflict, "The bot has no texts to approve", "Only bots of the kind whatsapp_cloud have."},
	"terms_not_accepted":            {http.StatusUnprocessableEntity, "The terms were not accepted", "Read terms and send accept_terms true."},
	"key_in_use":                    {http.StatusConflict, "A key cannot revoke itself", "Use another key."},
	"webhook_url_invalid":           {http.StatusUnprocessableEntity, "The address is not that of an endpoint", "Send an https address on port 443."},
	"webhook_url_forbidden":         {http.StatusUnprocessableEntity, "The address must not be reached", "Send an address that leads to public addresses only."},
	"replay_range_invalid":          {http.StatusUnprocessableEntity, "The request names nothing to send again", "Send either event_id, or from and an until behind it."},
	"event_unknown":                 {http.StatusUnprocessableEntity, "No such event is kept", "Send the id of an event that is still kept."},
	"too_many_webhooks":             {http.StatusConflict, "Too many endpoints", "Remove an endpoint first."},
	"webhook_disabled":              {http.StatusConflict, "The endpoint is disabled", "Make the endpoint active first."},
	"replay_running":                {http.StatusConflict, "A replay is under way", "Wait until the replay is over."},
	"rate_limited":                  {http.StatusTooManyRequests, "Too many requests", "Wait as long as Retry-After says."},
	"too_many_listeners":            {http.StatusTooManyRequests, "Too many requests of this key wait", "Let one of them end, or use a key for each program."},
	"too_many_starts":               {http.StatusTooManyRequests, "Too many starts", "Wait as long as Retry-After says."},
	"too_many_live":                 {http.StatusTooManyRequests, "Too many live verifications of this phone", "Use one that is live, or wait until one ends."},
	"phone_paused":                  {http.StatusTooManyRequests, "The person paused codes to this phone", "Wait, or lift the pause with POST /v1/phones/unblock."},
	"phone_locked":                  {http.StatusTooManyRequests, "Too many wrong codes for this phone", "Wait, or lift the lock with POST /v1/phones/unblock."},
	"resend_too_soon":               {http.StatusTooManyRequests, "It is too early to send again", "Wait until resend_at."},

	// Our trouble.
	"internal":             {http.StatusInternalServerError, "Something went wrong on our side", "Repeat the request; if it fails again, tell the operator the request id."},
	"unavailable":          {http.StatusServiceUnavailable, "The request could not be finished", "Repeat the request under the same Idempotency-Key: detail says whether anything happened."},
	"overloaded":           {http.StatusServiceUnavailable, "Too much to do", "Nothing happened; repeat the request after Retry-After."},
	"whatsapp_unreachable": {http.StatusServiceUnavailable, "Meta could not be asked", "Nothing was stored; repeat the request after Retry-After."},
	"telegram_unreachable": {http.StatusServiceUnavailable, "Telegram could not be asked", "Nothing was stored; repeat the request after Retry-After."},
	"not_ready":            {http.StatusServiceUnavailable, "Not ready", "Send traffic elsewhere for now."},
}

// Codes lists every code, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(table)) }

// Known reports whether the table holds the code.
func Known(code string) bool {
	_, ok := table[code]
	return ok
}
