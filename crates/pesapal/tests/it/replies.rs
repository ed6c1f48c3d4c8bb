//! Replies of the real server, of the sandbox unless it says otherwise. Their members, their order and their words are as
//! recorded; the personal details are replaced (names, hosts, receipts, phone and card numbers).

pub(crate) const BAD_KEYS: &str = r#"{"error":{"error_type":"api_error","code":"invalid_consumer_key_or_secret_provided","message":""},"status":"500"}"#;

pub(crate) const BAD_BEARER: &str = r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"Invalid Access Token"},"status":null}"#;

/// 2024-03, with `id` and `error`.
pub(crate) const REGISTERED_IN_2024: &str = r#"{"id":4278,"url":"http://shop.example/ipn","created_date":"2024-03-18T15:25:46.2652354Z","ipn_id":"1da86d1c-1e8c-4183-bdfd-dd759463e4ce","notification_type":0,"ipn_notification_type_description":"GET","ipn_status":1,"ipn_status_decription":"Active","error":null,"status":"200"}"#;

/// 2026-03, like all since 2024-07.
pub(crate) const REGISTERED: &str = r#"{"url":"https://shop.example/ipn","created_date":"2026-03-10T15:22:29.090556Z","ipn_id":"f32c5368-6af3-44cb-ab8c-daa38c4baa37","notification_type":1,"ipn_notification_type_description":"POST","ipn_status":1,"ipn_status_decription":"Active","status":"200","message":"Request processed successfully"}"#;

/// Production, 2026-08: without `created_date`.
pub(crate) const REGISTERED_LIVE: &str = r#"{"url":"https://shop.example/ipn","ipn_id":"0c1b7a55-7f0e-4f0c-9d5c-2f7a1d1f5a3e","notification_type":0,"ipn_notification_type_description":"GET","ipn_status":1,"ipn_status_decription":"Active","status":"200","message":"Request processed successfully"}"#;

/// Two of 818 rows, 2024-12. The `status` of a row is not how the call went.
pub(crate) const LISTED: &str = r#"[{"url":"http://shop.example/ipn","created_date":"2024-03-18T15:25:46.27","ipn_id":"1da86d1c-1e8c-4183-bdfd-dd759463e4ce","notification_type":0,"ipn_notification_type_description":"GET","ipn_status":1,"ipn_status_decription":"Active","status":"1","message":null},{"url":"localhost:3000/payment","created_date":"2024-07-02T09:11:05.5","ipn_id":"2d9be0a1-6f2c-4b55-8f7a-9b1f7a1e9c10","notification_type":1,"ipn_notification_type_description":"POST","ipn_status":1,"ipn_status_decription":"Active","status":"1","message":null}]"#;

pub(crate) const BAD_URL: &str = r#"{"error":{"error_type":"api_error","code":"invalid_url","message":"The specified url provided is invalid"},"status":"500"}"#;

/// The order that [`SUBMITTED`] tells of; the other replies are about another, [`crate::fake::GUID`].
pub(crate) const SUBMITTED_ID: &str = "b945e4af-80a5-4ec1-8706-e03f8332fb04";

pub(crate) const SUBMITTED: &str = r#"{"order_tracking_id":"b945e4af-80a5-4ec1-8706-e03f8332fb04","merchant_reference":"TEST1515111119","redirect_url":"https://cybqa.pesapal.com/pesapaliframe/PesapalIframe3/Index?OrderTrackingId=b945e4af-80a5-4ec1-8706-e03f8332fb04","error":null,"status":"200"}"#;

pub(crate) const BAD_IPN_ID: &str = r#"{"error":{"error_type":"invalid_request_error","code":"invalid_api_request_parameters","message":"Invalid IPN URL ID provided.Check format and try again"},"status":"500"}"#;

pub(crate) const NO_BILLING_DETAILS: &str = r#"{"error":{"error_type":"api_error","code":"missing_mandatory_billing_address","message":"Please provide billing details information on your API request."},"status":"500"}"#;

pub(crate) const OVER_THE_LIMIT: &str = r#"{"error":{"error_type":"api_error","code":"maximum_amount_limit_exceeded","message":"Request Declined.Maximum allowed test transactions limit exceeded"},"status":"500"}"#;

/// A member of another type than the server wants, or none at all.
pub(crate) const BAD_PARAMETERS: &str = r#"{"error":{"error_type":"invalid_request_error","code":"invalid_api_request_parameters","message":"Invalid API request."},"status":"500"}"#;

pub(crate) const UNPAID: &str = r#"{"payment_method":"","amount":10.00,"created_date":"2024-03-18T18:25:46.75","confirmation_code":"","order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","payment_status_description":"INVALID","description":null,"message":"Request processed successfully","payment_account":"","call_back_url":"http://shop.example/thanks?OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=98771cd2","status_code":0,"merchant_reference":"98771cd2","payment_status_code":"","currency":"KES","error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":"http://shop.example/thanks?OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=98771cd2"},"status":"500"}"#;

/// 2025-09: with `account_number`.
pub(crate) const UNPAID_IN_2025: &str = r#"{"payment_method":"","amount":1500.00,"created_date":"2025-09-14T11:02:31.443","confirmation_code":"","order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","payment_status_description":"INVALID","description":null,"message":"Request processed successfully","payment_account":"","call_back_url":"https://shop.example/thanks?OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=A-1017","status_code":0,"merchant_reference":"A-1017","account_number":null,"payment_status_code":"","currency":"KES","error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":"https://shop.example/thanks?OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=A-1017"},"status":"500"}"#;

/// By card, after a conversion: 1000 TZS were submitted.
pub(crate) const PAID: &str = r#"{"payment_method":"Visa","amount":0.4,"created_date":"2024-03-18T18:25:46.75","confirmation_code":"6513008693186320103009","payment_status_description":"Completed","description":"Transaction successfully processed.","message":"Request processed successfully","payment_account":"476173XXXXXX0010","call_back_url":"http://shop.example/thanks?OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=98771cd2","status_code":1,"merchant_reference":"98771cd2","account_number":null,"payment_status_code":"","currency":"USD","error":{"error_type":null,"code":null,"message":null},"status":"200"}"#;

/// By mobile money: no description, and the operator's receipt.
pub(crate) const PAID_BY_MPESA: &str = r#"{"payment_method":"MpesaKE","amount":1500.00,"created_date":"2025-09-14T11:08:02.187","confirmation_code":"TIE4K7X2QA","order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","payment_status_description":"Completed","description":null,"message":"Request processed successfully","payment_account":"2547xxx00000","call_back_url":"https://shop.example/thanks?OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=A-1017","status_code":1,"merchant_reference":"A-1017","account_number":null,"payment_status_code":"","currency":"KES","error":{"error_type":null,"code":null,"message":null},"status":"200"}"#;

/// The same order three minutes before [`PAID_BY_MPESA`].
pub(crate) const FAILED_BY_MPESA: &str = r#"{"payment_method":"MpesaKE","amount":1500.00,"created_date":"2025-09-14T11:05:01.02","confirmation_code":"40718263","order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","payment_status_description":"Failed","description":null,"message":"Request processed successfully","payment_account":"2547xxx00000","call_back_url":"https://shop.example/thanks?OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=A-1017","status_code":2,"merchant_reference":"A-1017","account_number":null,"payment_status_code":"","currency":"KES","error":{"error_type":null,"code":null,"message":null},"status":"200"}"#;

/// By card, in the bank's words.
pub(crate) const FAILED_BY_CARD: &str = r#"{"payment_method":"Visa","amount":10.00,"created_date":"2024-03-18T18:25:46.75","confirmation_code":"6513008693186320100001","order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","payment_status_description":"Failed","description":"Invalid amount provided.Please provide original amount","message":"Request processed successfully","payment_account":"476173XXXXXX0010","call_back_url":"http://shop.example/thanks?OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=98771cd2","status_code":2,"merchant_reference":"98771cd2","account_number":null,"payment_status_code":"","currency":"KES","error":{"error_type":null,"code":null,"message":null},"status":"200"}"#;

pub(crate) const CANCELLED: &str = r#"{"status":"200","message":"Order successfully cancelled."}"#;

pub(crate) const NOT_CANCELLED: &str =
    r#"{"status":"500","message":"Invalid order request. Transaction cannot be cancelled"}"#;

/// Cloudflare's page, and those of other servers.
pub(crate) const HTML: &str = "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>";

/// HTTP 404, of a path that the server does not know.
pub(crate) const NO_SUCH_PATH: &str = r#"{"message":"No HTTP resource was found that matches the request URI 'https://cybqa.pesapal.com/pesapalv3/api/Transactions/Cancel'."}"#;

/// HTTP 405.
pub(crate) const WRONG_METHOD: &str =
    r#"{"message":"The requested resource does not support http method 'POST'."}"#;

pub(crate) const REFUND_RECEIVED: &str =
    r#"{"status":"200","message":"Refund request successfully"}"#;

pub(crate) const REFUND_KNOWN: &str =
    r#"{"status":"500","message":"Refund request has been received already"}"#;

pub(crate) const REFUND_BAD_AMOUNT: &str = r#"{"status":"500","message":"Invalid amount provided. Please check your transaction details"}"#;
