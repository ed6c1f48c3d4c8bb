//! Recorded replies of the real server, as they are known.

pub(crate) const BAD_KEYS: &str = r#"{"token":null,"expiryDate":null,"error":{"error_type":"api_error","code":"invalid_consumer_key_or_secret_provided","message":""},"status":"500","message":null}"#;

pub(crate) const BAD_BEARER: &str = r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"Invalid Access Token"},"status":null}"#;

pub(crate) const REGISTERED: &str = r#"{"id":4278,"url":"http://shop.example/ipn","created_date":"2024-03-18T15:25:46.2652354Z","ipn_id":"1da86d1c-1e8c-4183-bdfd-dd759463e4ce","notification_type":0,"ipn_notification_type_description":"GET","ipn_status":1,"ipn_status_decription":"Active","error":null,"status":"200"}"#;

pub(crate) const BAD_URL: &str = r#"{"error":{"error_type":"api_error","code":"invalid_url","message":"Invalid URL"},"status":"500"}"#;

pub(crate) const SUBMITTED: &str = r#"{"order_tracking_id":"b945e4af-80a5-4ec1-8706-e03f8332fb04","merchant_reference":"TEST1515111119","redirect_url":"https://cybqa.pesapal.com/pesapaliframe/PesapalIframe3/Index?OrderTrackingId=b945e4af-80a5-4ec1-8706-e03f8332fb04","error":null,"status":"200"}"#;

pub(crate) const BAD_IPN_ID: &str = r#"{"error":{"error_type":"api_error","code":"invalid_api_request_parameters","message":"Invalid IPN URL ID provided.Check format and try again"},"status":"500"}"#;

pub(crate) const UNPAID: &str = r#"{"payment_method":"","amount":10.00,"created_date":"2024-03-18T18:25:46.75","confirmation_code":"","order_tracking_id":"b945e4af-80a5-4ec1-8706-e03f8332fb04","payment_status_description":"INVALID","description":null,"message":"Request processed successfully","payment_account":"","call_back_url":"http://shop.example/thanks","status_code":0,"merchant_reference":"98771cd2","payment_status_code":"","currency":"KES","error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":"http://shop.example/thanks"},"status":"500"}"#;

pub(crate) const PAID: &str = r#"{"payment_method":"Visa","amount":0.4,"created_date":"2024-03-18T18:25:46.75","confirmation_code":"6513008693186320103009","payment_status_description":"Completed","description":"Transaction successfully processed.","message":"Request processed successfully","payment_account":"476173**0010","call_back_url":"http://shop.example/thanks","status_code":1,"merchant_reference":"98771cd2","account_number":null,"payment_status_code":"","currency":"USD","error":{"error_type":null,"code":null,"message":null,"call_back_url":null},"status":"200"}"#;

pub(crate) const CANCELLED: &str = r#"{"status":"200","message":"Order successfully cancelled."}"#;

pub(crate) const NOT_CANCELLED: &str =
    r#"{"status":"500","message":"Invalid order request. Transaction cannot be cancelled"}"#;

/// Cloudflare's page, and those of other servers.
pub(crate) const HTML: &str = "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>";

pub(crate) const REFUND_RECEIVED: &str =
    r#"{"status":"200","message":"Refund request successfully"}"#;

pub(crate) const REFUND_KNOWN: &str =
    r#"{"status":"500","message":"Refund request has been received already"}"#;

pub(crate) const REFUND_BAD_AMOUNT: &str = r#"{"status":"500","message":"Invalid amount provided. Please check your transaction details"}"#;
